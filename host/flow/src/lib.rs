//! Synthesis, guard, link, place and route, pack
