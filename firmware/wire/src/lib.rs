//! Messages and framing between host and firmware
#![no_std]
