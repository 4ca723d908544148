//! Board files, good and bad, through the public boundary.

use filbench_board::{ActiveLevel, Board, BoardError, Device};

const ICEBREAKER: &str = include_str!("../../../boards/icebreaker.toml");

fn error(text: &str) -> BoardError {
    Board::parse("icebreaker", text).expect_err("the file is bad")
}

#[test]
fn every_embedded_board_is_good() {
    let kinds: Vec<_> = Board::known().collect();
    assert_eq!(kinds, ["ice40_hx8k_b_evn", "icebreaker"]);
    for kind in kinds {
        assert_eq!(Board::load(kind).unwrap().kind, kind);
    }
}

#[test]
fn icebreaker_talks_at_three_megabaud() {
    let board = Board::load("icebreaker").unwrap();
    assert_eq!((board.device, board.package.as_str()), (Device::Up5k, "sg48"));
    assert_eq!((board.clock_hz, board.uart.divider), (12_000_000, 4));
    assert_eq!(board.led.active, ActiveLevel::Low);
    assert_eq!(
        board.constraint_file(),
        "# icebreaker (iCEBreaker)\n\
         set_io clk 35\nset_io -pullup yes rx 6\nset_io tx 9\nset_io led_n 11\n"
    );
}

#[test]
fn an_unknown_board_lists_the_known_ones() {
    assert_eq!(
        Board::load("icebraker").unwrap_err().to_string(),
        "there is no board `icebraker`; known boards: ice40_hx8k_b_evn, icebreaker"
    );
}

#[test]
fn mistakes_name_their_line_and_what_would_do() {
    for (good, bad, message) in [
        (
            "rx = \"6\"",
            "rx = \"B9\"",
            "pin `B9` (boards/icebreaker.toml:12) is not a signal pin of package `sg48`; \
             its neighbours are `48`",
        ),
        (
            "rx = \"6\"",
            "rx = \"35\"",
            "pin `35` (boards/icebreaker.toml:12) is already used in line 8",
        ),
        (
            "\"up5k\"",
            "\"up9k\"",
            "device `up9k` (boards/icebreaker.toml:4) is not supported; known devices: up5k, hx8k",
        ),
        (
            "\"sg48\"",
            "\"ct256\"",
            "package `ct256` (boards/icebreaker.toml:5) is not known for up5k; known packages: sg48",
        ),
        (
            "3_000_000",
            "5_000_000",
            "5000000 baud (boards/icebreaker.toml:15) cannot be made from a clock of 12000000 Hz \
             within 2 %, at least 4 cycles a bit; the nearest rate is 3000000",
        ),
    ] {
        assert!(ICEBREAKER.contains(good), "{good}");
        assert_eq!(error(&ICEBREAKER.replace(good, bad)).to_string(), message);
    }
}

#[test]
fn unknown_fields_are_refused() {
    let text = ICEBREAKER.replace("active = ", "polarity = ");
    assert!(matches!(error(&text), BoardError::Syntax { .. }));
}
