//! A board in software that runs the bitstream a real board gets
