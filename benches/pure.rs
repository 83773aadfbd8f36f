//! What a request costs besides the socket and the database: the parts that only compute.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hallpass::clock::Timestamp;
use hallpass::passwords::Hasher;
use hallpass::settings::Settings;

fn times(criterion: &mut Criterion) {
    let now = Timestamp::from_micros(1_795_405_352_123_456);
    let text = now.to_django_text().expect("a date");
    criterion.bench_function("write a time as Django does", |bencher| bencher.iter(|| black_box(now).to_django_text()));
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

criterion_group!(benches, times, passwords, settings);
criterion_main!(benches);
