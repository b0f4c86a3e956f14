//! The codecs by themselves, against hostile input, and on connections in memory.

mod duplicates;
mod formats;
mod hostile;
mod negotiation;
mod round_trips;
mod typed;
mod values;
