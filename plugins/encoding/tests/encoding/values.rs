//! Values of all kinds, and all codecs.

use std::collections::BTreeMap;

use plimsoll_encoding::{AnyCodec, Cbor, Codec, Json, MessagePack, Postcard};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Everything {
    pub(crate) flag: bool,
    pub(crate) small: (i8, u8, i16, u16),
    pub(crate) large: (i32, u32, i64, u64),
    pub(crate) floats: (f32, f64),
    pub(crate) letter: char,
    pub(crate) text: String,
    pub(crate) maybe: Option<Vec<u8>>,
    pub(crate) nothing: (),
    pub(crate) array: [i32; 3],
    pub(crate) map: BTreeMap<String, Wrapped>,
    pub(crate) choices: Vec<Choice>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Wrapped(pub(crate) i32);

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Choice {
    Unit,
    Newtype(String),
    Tuple(u8, Option<bool>),
    Struct { left: u32, right: Box<Option<Choice>> },
}

/// Nests as deep as it likes.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Tree(pub(crate) Vec<Tree>);

impl Tree {
    pub(crate) fn of_depth(depth: usize) -> Self {
        (1..depth).fold(Self::default(), |tree, _| Self(vec![tree]))
    }
}

pub(crate) fn codecs() -> [AnyCodec; 4] {
    [AnyCodec::new(Cbor), AnyCodec::new(Json), AnyCodec::new(MessagePack), AnyCodec::new(Postcard)]
}

/// The codecs whose messages say of what kind their values are.
pub(crate) fn self_describing() -> impl Iterator<Item = AnyCodec> {
    codecs().into_iter().filter(|codec| codec.name() != "postcard")
}

pub(crate) fn everything() -> impl Strategy<Value = Everything> {
    let finite = (
        any::<f32>().prop_filter("finite", |float| float.is_finite()),
        any::<f64>().prop_filter("finite", |float| float.is_finite()),
    );
    let map = btree_map(any::<String>(), any::<i32>().prop_map(Wrapped), 0..4);
    let (small, large) = (any::<(i8, u8, i16, u16)>(), any::<(i32, u32, i64, u64)>());
    let scalars = (any::<bool>(), small, large, finite, any::<char>());
    let others = (any::<String>(), any::<Option<Vec<u8>>>(), any::<[i32; 3]>(), map);
    (scalars, others, vec(choice(), 0..4)).prop_map(|(scalars, others, choices)| {
        let (flag, small, large, floats, letter) = scalars;
        let (text, maybe, array, map) = others;
        let nothing = ();
        Everything { flag, small, large, floats, letter, text, maybe, nothing, array, map, choices }
    })
}

fn choice() -> impl Strategy<Value = Choice> {
    let leaf = prop_oneof![
        Just(Choice::Unit),
        any::<String>().prop_map(Choice::Newtype),
        any::<(u8, Option<bool>)>().prop_map(|(number, flag)| Choice::Tuple(number, flag)),
    ];
    leaf.prop_recursive(4, 8, 1, |choice| {
        let right = proptest::option::of(choice);
        (any::<u32>(), right)
            .prop_map(|(left, right)| Choice::Struct { left, right: Box::new(right) })
    })
}
