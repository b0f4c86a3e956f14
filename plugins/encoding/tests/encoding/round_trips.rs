use plimsoll_encoding::{AnyCodec, Cbor, Codec, Json, MessagePack, Postcard};
use proptest::prelude::*;

use crate::values::{Everything, codecs, everything};

proptest! {
    #[test]
    fn every_value_survives_every_codec(value in everything()) {
        check(&Cbor, &value)?;
        check(&Json, &value)?;
        check(&MessagePack, &value)?;
        check(&Postcard, &value)?;
    }

    #[test]
    fn a_message_that_is_cut_short_is_an_error(value in everything(), at in any::<prop::sample::Index>()) {
        for codec in codecs() {
            let message = codec.encode(&value).unwrap();
            let cut = message.clone().into_bytes().slice(..at.index(message.len()));
            prop_assert!(codec.decode::<Everything>(&cut.into()).is_err(), "{codec:?}");
        }
    }

    #[test]
    fn bytes_after_the_value_are_an_error(value in everything(), extra in any::<u8>()) {
        for codec in codecs() {
            let message = codec.encode(&value).unwrap();
            let longer = [message.as_bytes(), &[extra]].concat();
            let blank = codec.name() == "json" && b" \t\r\n".contains(&extra);
            let decoded = codec.decode::<Everything>(&longer.into());
            prop_assert_eq!(decoded.is_ok(), blank, "{:?}", codec);
        }
    }
}

/// A codec and the same one chosen at run time do the same.
fn check<C: Codec>(codec: &C, value: &Everything) -> Result<(), TestCaseError> {
    let message = codec.encode(value).unwrap();
    prop_assert_eq!(message.is_binary(), codec.is_binary());
    prop_assert_eq!(&codec.decode::<Everything>(&message).unwrap(), value, "{}", codec.name());

    let erased = AnyCodec::new(codec.clone());
    prop_assert_eq!(&erased.encode(value).unwrap(), &message);
    prop_assert_eq!(&erased.decode::<Everything>(&message).unwrap(), value);
    Ok(())
}
