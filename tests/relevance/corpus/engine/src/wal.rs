//! The write-ahead log: every change is on disk here before it is anywhere else.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const HEADER: usize = 8;
const MAX_RECORD: u32 = 16 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    Put { key: Vec<u8>, value: Vec<u8> },
    Delete { key: Vec<u8> },
}

#[derive(Debug)]
pub enum WalError {
    Io(io::Error),
    TooLarge(usize),
}

impl From<io::Error> for WalError {
    fn from(error: io::Error) -> Self {
        WalError::Io(error)
    }
}

impl Record {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Record::Put { key, value } => {
                out.push(1);
                out.extend((key.len() as u32).to_le_bytes());
                out.extend(key);
                out.extend(value);
            }
            Record::Delete { key } => {
                out.push(2);
                out.extend((key.len() as u32).to_le_bytes());
                out.extend(key);
            }
        }
        out
    }

    fn decode(bytes: &[u8]) -> Option<Record> {
        let (tag, rest) = bytes.split_first()?;
        let length = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        let key = rest.get(4..4 + length)?.to_vec();
        match tag {
            1 => Some(Record::Put { key, value: rest[4 + length..].to_vec() }),
            2 => Some(Record::Delete { key }),
            _ => None,
        }
    }
}

pub struct Wal {
    path: PathBuf,
    file: File,
    unsynced: usize,
    sync_every: usize,
}

impl Wal {
    pub fn open(path: &Path, sync_every: usize) -> Result<Wal, WalError> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        Ok(Wal { path: path.to_path_buf(), file, unsynced: 0, sync_every })
    }

    /// Appends a record as length, checksum and bytes. It is durable after the next sync.
    pub fn append(&mut self, record: &Record) -> Result<(), WalError> {
        let body = record.encode();
        if body.len() > MAX_RECORD as usize {
            return Err(WalError::TooLarge(body.len()));
        }
        let mut frame = Vec::with_capacity(HEADER + body.len());
        frame.extend((body.len() as u32).to_le_bytes());
        frame.extend(crc32(&body).to_le_bytes());
        frame.extend(body);
        self.file.write_all(&frame)?;
        self.unsynced += 1;
        if self.unsynced >= self.sync_every {
            self.sync()?;
        }
        Ok(())
    }

    pub fn sync(&mut self) -> Result<(), WalError> {
        self.file.sync_data()?;
        self.unsynced = 0;
        Ok(())
    }

    /// Plays all whole records back in order. What a crash left half written at the end is
    /// cut off, so that later appends do not follow garbage.
    pub fn replay(&mut self, mut apply: impl FnMut(Record)) -> Result<usize, WalError> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::new(&self.file);
        let mut good = 0u64;
        let mut count = 0;
        let mut header = [0u8; HEADER];
        while reader.read_exact(&mut header).is_ok() {
            let length = u32::from_le_bytes(header[..4].try_into().unwrap());
            let expected = u32::from_le_bytes(header[4..].try_into().unwrap());
            if length > MAX_RECORD {
                break;
            }
            let mut body = vec![0; length as usize];
            if reader.read_exact(&mut body).is_err() || crc32(&body) != expected {
                break;
            }
            match Record::decode(&body) {
                Some(record) => apply(record),
                None => break,
            }
            good += (HEADER + body.len()) as u64;
            count += 1;
        }
        self.file.set_len(good)?;
        Ok(count)
    }

    pub fn reset(&mut self) -> Result<(), WalError> {
        self.file.set_len(0)?;
        self.sync()
    }

    pub fn close(mut self) -> Result<PathBuf, WalError> {
        self.sync()?;
        Ok(self.path)
    }
}

pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= *byte as u32;
        for _ in 0..8 {
            let mask = (crc & 1).wrapping_neg();
            crc = (crc >> 1) ^ (0xEDB8_8320 & mask);
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn torn_tail_is_cut_off_on_replay() {
        let path = std::env::temp_dir().join("torn.wal");
        let mut wal = Wal::open(&path, 1).unwrap();
        wal.append(&Record::Delete { key: b"a".to_vec() }).unwrap();
        wal.file.write_all(&[9, 0, 0, 0]).unwrap();
        assert_eq!(wal.replay(|_| ()).unwrap(), 1);
    }
}
