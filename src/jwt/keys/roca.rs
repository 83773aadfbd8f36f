//! RSA keys of one maker of chips that can be factored: CVE-2017-15361.

/// The small primes for which every such modulus is a power of 65537.
const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether the modulus has the mark: a power of 65537 modulo each of the primes. By chance, a good one has it about
/// once in 2^27.
pub(super) fn is_roca(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power_of_generator(residue(modulus, *prime), *prime))
}

fn residue(number: &[u8], prime: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime)
}

fn is_power_of_generator(residue: u32, prime: u32) -> bool {
    let powers = std::iter::successors(Some(1), |power| Some(power * (65_537 % prime) % prime));
    powers.take(prime as usize).any(|power| power == residue)
}
