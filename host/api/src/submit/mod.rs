//! From a request to what is put into the store and the queue. **Everything is read and
//! checked before anything is kept.**

mod files;
mod multipart;
mod prepare;
mod problems;
mod request;

pub(crate) use prepare::{Prepared, Resolver};
pub(crate) use problems::open_suite;
pub(crate) use request::read;
