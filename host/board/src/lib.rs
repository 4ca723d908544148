//! Boards as checked data, and their constraint files
