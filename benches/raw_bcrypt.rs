//! What a login is compared with: hashes of the `bcrypt` crate, one after another, and nothing else.
//!
//!     cargo run --release --example raw_bcrypt -- COST COUNT
#![allow(missing_docs)]

use std::error::Error;
use std::hint::black_box;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: raw_bcrypt COST COUNT");
    let (cost, count): (u32, u32) = (next()?.parse()?, next()?.parse()?);
    for _ in 0..count {
        black_box(bcrypt::hash(black_box("correct horse battery staple"), cost)?);
    }
    Ok(())
}
