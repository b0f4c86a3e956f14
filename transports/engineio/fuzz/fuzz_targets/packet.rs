#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_engineio::fuzz::packet(data));
