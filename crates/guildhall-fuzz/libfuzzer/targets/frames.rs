//! See `guildhall_fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    guildhall_fuzz::hold("frames", bytes);
});
