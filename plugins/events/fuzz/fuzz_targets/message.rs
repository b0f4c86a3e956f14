#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_events::fuzz::message(data));
