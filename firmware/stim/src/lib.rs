//! The firmware's session and player driver, over embedded-io traits
#![no_std]
