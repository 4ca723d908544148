//! Problems: recorded, imported, checked and cached
