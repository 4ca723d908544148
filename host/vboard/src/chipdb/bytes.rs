//! Variable-length integers and strings of the database's own format.

use super::ChipDbError;

/// Reads what `Writer` wrote; running past the end is an error.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn byte(&mut self) -> Result<u8, ChipDbError> {
        let (&first, rest) = self.bytes.split_first().ok_or(ChipDbError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }

    /// LEB128.
    #[inline]
    pub fn int(&mut self) -> Result<u32, ChipDbError> {
        let mut value = 0u32;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f)
                .checked_shl(shift)
                .ok_or(ChipDbError::Malformed("integer"))?;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ChipDbError::Malformed("integer"))
    }

    /// A signed number, zigzag-coded.
    #[inline]
    pub fn signed(&mut self) -> Result<i32, ChipDbError> {
        let coded = self.int()?;
        Ok((coded >> 1) as i32 ^ -((coded & 1) as i32))
    }

    /// A count of things that take at least one byte each, so that a damaged
    /// one cannot ask for more memory than the file has bytes.
    pub fn count(&mut self) -> Result<usize, ChipDbError> {
        let count = self.int()? as usize;
        if count > self.bytes.len() {
            return Err(ChipDbError::Truncated);
        }
        Ok(count)
    }

    pub fn string(&mut self) -> Result<String, ChipDbError> {
        let length = self.count()?;
        let (text, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        String::from_utf8(text.to_vec()).map_err(|_| ChipDbError::Malformed("name"))
    }

    pub fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, ChipDbError>,
    ) -> Result<Vec<T>, ChipDbError> {
        let count = self.count()?;
        (0..count).map(|_| item(self)).collect()
    }
}

#[cfg(feature = "derive")]
#[derive(Default)]
pub(super) struct Writer {
    pub bytes: Vec<u8>,
}

#[cfg(feature = "derive")]
impl Writer {
    pub fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub fn int(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub fn signed(&mut self, value: i32) {
        self.int(((value << 1) ^ (value >> 31)) as u32);
    }

    pub fn string(&mut self, text: &str) {
        self.int(text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.int(items.len() as u32);
        for item in items {
            write(self, item);
        }
    }
}
