#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_engineio::fuzz::payload_v3_binary(data));
