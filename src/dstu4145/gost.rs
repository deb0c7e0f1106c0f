//! GOST 34.311-95 with the Ukrainian substitution boxes.
//!
//! Our own, because the hash of a document, not its signature, is what a verdict waits for: the crate that knows these boxes
//! takes a nibble at a time. Here the four encryptions of a step run side by side over tables of a byte. The crate stays as
//! what the tests compare with.

#![expect(clippy::indexing_slicing, reason = "indices run over arrays of constant length; no input chooses them")]

/// The boxes used without being named (ДКЕ № 1), the lowest nibble's first. Source: DSTU GOST 28147:2009, appendix.
const BOXES: [[u32; 16]; 8] = [
    [10, 9, 13, 6, 14, 11, 4, 5, 15, 1, 3, 12, 7, 0, 8, 2],
    [8, 0, 12, 4, 9, 6, 7, 11, 2, 3, 1, 15, 5, 14, 10, 13],
    [15, 6, 5, 8, 14, 11, 10, 4, 12, 0, 3, 7, 2, 9, 1, 13],
    [3, 8, 13, 9, 6, 11, 15, 0, 2, 5, 12, 10, 4, 14, 1, 7],
    [15, 8, 14, 9, 7, 2, 0, 13, 12, 6, 1, 5, 11, 4, 3, 10],
    [2, 8, 9, 7, 5, 15, 0, 11, 12, 1, 13, 14, 10, 3, 6, 4],
    [3, 8, 11, 5, 6, 4, 14, 10, 2, 12, 1, 7, 9, 15, 13, 0],
    [1, 2, 3, 14, 6, 13, 11, 8, 15, 10, 12, 5, 7, 9, 0, 4],
];

/// Two boxes and the rotation by eleven bits in one look, for each octet of a half block.
static TABLES: [[u32; 256]; 4] = tables();

/// The second constant of the key generation; the first and the third are zero.
const CONSTANT: [u64; 4] = [0xff00_ff00_ff00_ff00, 0x00ff_00ff_00ff_00ff, 0xff00_00ff_00ff_ff00, 0xff00_ffff_0000_00ff];

type Block = [u64; 4];

/// The hash being computed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gost34311 {
    state: Block,
    sum: Block,
    octets: u64,
    /// What does not fill a block yet.
    rest: Vec<u8>,
}

impl Gost34311 {
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.octets += u64::try_from(bytes.len()).unwrap_or(0);
        if !self.rest.is_empty() {
            let (head, tail) = bytes.split_at(bytes.len().min(32 - self.rest.len()));
            self.rest.extend_from_slice(head);
            bytes = tail;
            if self.rest.len() < 32 {
                return;
            }
            let whole = std::mem::take(&mut self.rest);
            self.absorb(&whole);
        }
        let mut blocks = bytes.chunks_exact(32);
        for block in &mut blocks {
            self.absorb(block);
        }
        self.rest.extend_from_slice(blocks.remainder());
    }

    pub fn finish(mut self) -> Vec<u8> {
        if !self.rest.is_empty() {
            let last = std::mem::take(&mut self.rest);
            self.absorb(&last);
        }
        self.state = step(&self.state, &[self.octets << 3, self.octets >> 61, 0, 0]);
        self.state = step(&self.state, &self.sum);
        self.state.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// A block of up to 32 octets; zeros fill a shorter one.
    fn absorb(&mut self, octets: &[u8]) {
        let mut block = [0; 4];
        for (word, eight) in block.iter_mut().zip(octets.chunks(8)) {
            let mut whole = [0; 8];
            whole[..eight.len()].copy_from_slice(eight);
            *word = u64::from_le_bytes(whole);
        }
        self.state = step(&self.state, &block);
        let mut carry = false;
        for (sum, word) in self.sum.iter_mut().zip(block) {
            (*sum, carry) = sum.carrying_add(word, carry);
        }
    }
}

fn xor(a: &Block, b: &Block) -> Block {
    std::array::from_fn(|i| a[i] ^ b[i])
}

/// The step function: keys from state and block, four encryptions, mixing.
fn step(state: &Block, block: &Block) -> Block {
    let shifted = |x: &Block| [x[1], x[2], x[3], x[0] ^ x[1]];
    let twice = |x: &Block| shifted(&shifted(x));
    let u2 = shifted(state);
    let u3 = xor(&shifted(&u2), &CONSTANT);
    let u4 = shifted(&u3);
    let v2 = twice(block);
    let v3 = twice(&v2);
    let v4 = twice(&v3);
    let keys = [key(&xor(state, block)), key(&xor(&u2, &v2)), key(&xor(&u3, &v3)), key(&xor(&u4, &v4))];
    let encrypted = encrypt(state, &keys);
    let mixed = mix(&xor(block, &mix(&encrypted, 12)), 1);
    mix(&xor(state, &mixed), 61)
}

/// The octets transposed: the n-th of each word make the n-th number of the key.
fn key(words: &Block) -> [u32; 8] {
    let octets = words.map(u64::to_le_bytes);
    std::array::from_fn(|k| u32::from_le_bytes([octets[0][k], octets[1][k], octets[2][k], octets[3][k]]))
}

/// GOST 28147 in its simple mode, each word of `state` by its own key.
fn encrypt(state: &Block, keys: &[[u32; 8]; 4]) -> Block {
    let mut halves = state.map(|word| {
        let octets = word.to_le_bytes();
        let half = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| octets[at + i]));
        (half(0), half(4))
    });
    for round in 0..32 {
        let number = if round < 24 { round % 8 } else { 31 - round };
        for lane in 0..4 {
            let (low, high) = halves[lane];
            let [a, b, c, d] = low.wrapping_add(keys[lane][number]).to_le_bytes().map(usize::from);
            let substituted = TABLES[0][a] ^ TABLES[1][b] ^ TABLES[2][c] ^ TABLES[3][d];
            halves[lane] = (high ^ substituted, low);
        }
    }
    halves.map(|(low, high)| u64::from(high) | (u64::from(low) << 32))
}

/// The shift register over sixteen words of sixteen bits, `times` further.
fn mix(words: &Block, times: usize) -> Block {
    let mut register = [0_u16; 80];
    for (i, word) in words.iter().enumerate() {
        let octets = word.to_le_bytes();
        for j in 0..4 {
            register[4 * i + j] = u16::from_le_bytes([octets[2 * j], octets[2 * j + 1]]);
        }
    }
    for n in 0..times {
        register[n + 16] =
            register[n] ^ register[n + 1] ^ register[n + 2] ^ register[n + 3] ^ register[n + 12] ^ register[n + 15];
    }
    std::array::from_fn(|i| (0..4).fold(0, |word, j| word | (u64::from(register[times + 4 * i + j]) << (16 * j))))
}

const fn tables() -> [[u32; 256]; 4] {
    let mut tables = [[0; 256]; 4];
    let mut octet = 0;
    while octet < 4 {
        let mut value = 0;
        while value < 256 {
            let pair = BOXES[2 * octet][value % 16] | (BOXES[2 * octet + 1][value / 16] << 4);
            tables[octet][value] = (pair << (8 * octet)).rotate_left(11);
            value += 1;
        }
        octet += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use gost94::{Digest, Gost94UA};
    use proptest::prelude::*;

    use super::*;

    fn hash(pieces: &[&[u8]]) -> Vec<u8> {
        let mut hash = Gost34311::default();
        for piece in pieces {
            hash.update(piece);
        }
        hash.finish()
    }

    #[test]
    fn messages_around_a_block_hash_as_by_another_implementation() {
        let message: Vec<u8> = (0..=255).cycle().take(300).collect();
        for length in (0..130).chain([255, 256, 257, 299]) {
            assert_eq!(hash(&[&message[..length]]), Gost94UA::digest(&message[..length]).to_vec(), "{length} octets");
        }
        assert_eq!(hash(&[&[0xff; 4096]]), Gost94UA::digest([0xff; 4096]).to_vec());
    }

    proptest! {
        #[test]
        fn pieces_hash_as_the_whole(message: Vec<u8>, cuts in prop::collection::vec(0_usize..200, 2)) {
            let first = cuts[0].min(message.len());
            let second = (first + cuts[1]).min(message.len());
            let pieces = [&message[..first], &message[first..second], &message[second..]];
            prop_assert_eq!(hash(&pieces), Gost94UA::digest(&message).to_vec());
        }
    }

    /// How much it takes a second; read it with `--release -- --nocapture`.
    #[test]
    fn a_large_document_is_hashed_quickly() {
        let document = vec![7; 4 << 20];
        let started = std::time::Instant::now();
        hash(&[&document]);
        let ours = started.elapsed();
        let started = std::time::Instant::now();
        Gost94UA::digest(&document);
        println!("4 MiB: {} ms, the crate {} ms", ours.as_millis(), started.elapsed().as_millis());
    }
}
