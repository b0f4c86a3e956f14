//! Values instead of messages: JSON, MessagePack, CBOR, Postcard or your own format.
