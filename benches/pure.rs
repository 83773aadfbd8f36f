//! What a request costs besides the socket and the database: the parts that only compute.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hallpass::clock::Timestamp;
use hallpass::jwt::{TokenKind, Tokens, generate_key};
use hallpass::passwords::Hasher;
use hallpass::settings::{Algorithm, Settings};

const NOW: Timestamp = Timestamp::from_micros(1_795_405_352_123_456);

fn times(criterion: &mut Criterion) {
    let text = NOW.to_django_text().expect("a date");
    criterion.bench_function("write a time as Django does", |bencher| bencher.iter(|| black_box(NOW).to_django_text()));
    criterion.bench_function("read a time of Django's", |bencher| {
        bencher.iter(|| Timestamp::from_django_text(black_box(&text)))
    });
}

fn passwords(criterion: &mut Criterion) {
    let hasher = Hasher::new(4);
    let encoded = hasher.hash("correct horse").expect("a hash");
    let mut group = criterion.benchmark_group("passwords");
    group.sample_size(20);
    group.bench_function("verify bcrypt_sha256 at cost 4", |bencher| {
        bencher.iter(|| hasher.verify(black_box("correct horse"), black_box(&encoded)));
    });
    group.bench_function("refuse a corrupt hash", |bencher| {
        bencher.iter(|| hallpass::passwords::inspect(black_box("pbkdf2_sha256$abc")));
    });
}

fn settings(criterion: &mut Criterion) {
    criterion.bench_function("read the default settings", |bencher| bencher.iter(Settings::defaults));
}

fn signed_tokens(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jwt");
    for algorithm in [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = generate_key(algorithm).expect("a key").text;
        let toml = format!("[jwt]\nalgorithm = \"{algorithm}\"\nsigning_key = '''\n{}'''", key.expose());
        let settings = Settings::from_toml(&toml).expect("settings");
        let tokens = Tokens::new(&settings.jwt, None).expect("usable keys");
        let refresh = tokens.refresh_for("1", None, NOW).expect("claims");
        let access = tokens.access_from(&refresh, NOW, NOW).expect("claims");
        let token = tokens.sign(&access).expect("a token");
        group.bench_function(format!("sign {algorithm}"), |bencher| bencher.iter(|| tokens.sign(black_box(&access))));
        group.bench_function(format!("verify {algorithm}"), |bencher| {
            bencher.iter(|| tokens.verify(black_box(token.as_bytes()), TokenKind::Access, NOW));
        });
    }
}

criterion_group!(benches, times, passwords, settings, signed_tokens);
criterion_main!(benches);
