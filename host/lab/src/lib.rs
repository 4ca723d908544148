//! What stands on the lab's table: links, programmers, and the session with a board's firmware
