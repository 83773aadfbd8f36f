//! What hallpass is built from, as far as the lock file and the packages say it themselves: no network is asked. Advisories
//! that came out since are `cargo deny`'s, which reads the same `deny.toml`.

use std::collections::BTreeMap;
use std::process::Command;
use std::{fs, iter};

use toml::{Table, Value};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The version in which a known weakness of a package was mended.
const MENDED: &[(&str, [u64; 3], &str)] = &[
    ("actix-http", [3, 12, 1], "CVE-2026-73051: two servers see another end of a request"),
    ("bytes", [1, 11, 1], "CVE-2026-25541: an overflow when room is made"),
    ("diesel", [2, 2, 3], "RUSTSEC-2024-0365: a length of 4 GiB is cut off"),
    ("idna", [1, 0, 0], "RUSTSEC-2024-0421: two spellings of one ASCII name"),
    ("jsonwebtoken", [10, 3, 0], "CVE-2026-25537: a limit that is a text is no limit"),
    ("rustls", [0, 23, 5], "CVE-2024-32650: a connection that is closed keeps a thread busy"),
    ("smallvec", [1, 6, 1], "RUSTSEC-2021-0003: writes beyond the end"),
    ("time", [0, 3, 47], "CVE-2026-25727: dates that use up the stack"),
    ("tokio", [1, 43, 1], "RUSTSEC-2025-0023: what is broadcast is cloned by two threads"),
];

/// Two versions of one of these would have to be mended apart from one another.
const ONCE: &[&str] = &[
    "aws-lc-rs",
    "aws-lc-sys",
    "diesel",
    "hmac",
    "jsonwebtoken",
    "libsqlite3-sys",
    "rustls",
    "rustls-webpki",
    "sha2",
    "subtle",
    "tokio",
    "zeroize",
];

#[test]
fn every_package_is_from_the_registry_and_has_a_checksum() {
    for lock_file in ["Cargo.lock", "fuzz/Cargo.lock"] {
        for package in packages(lock_file) {
            let name = text(&package, "name");
            if name.starts_with("hallpass") {
                assert!(!package.contains_key("source"), "{name} in {lock_file}");
                continue;
            }
            assert_eq!(text(&package, "source"), REGISTRY, "{name} in {lock_file}");
            assert_eq!(text(&package, "checksum").len(), 64, "{name} in {lock_file}");
        }
    }
}

#[test]
fn what_we_ask_for_has_a_version_and_no_other_source() {
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    let sections = ["dependencies", "dev-dependencies"].map(|section| manifest[section].as_table().unwrap());

    for (name, asked) in sections.into_iter().flatten() {
        let version = asked.get("version").and_then(Value::as_str).unwrap_or_default();
        assert!(version.starts_with(|c: char| c.is_ascii_digit() || c == '>') && !version.contains('*'), "{name}");
        assert!(["git", "path", "registry"].iter().all(|source| asked.get(source).is_none()), "{name}");
    }
}

#[test]
fn no_package_is_older_than_the_version_that_mended_it() {
    let mut versions: BTreeMap<String, Vec<[u64; 3]>> = BTreeMap::new();
    for package in packages("Cargo.lock") {
        versions.entry(text(&package, "name").to_owned()).or_default().push(number(text(&package, "version")));
    }

    for (name, mended, weakness) in MENDED {
        assert!(versions[*name].iter().all(|version| version >= mended), "{name} {:?}: {weakness}", versions[*name]);
    }
    for name in ONCE {
        assert_eq!(versions[*name].len(), 1, "{name} {:?}", versions[*name]);
    }
}

#[test]
fn every_licence_is_one_that_we_may_use() {
    let deny: Table = read("deny.toml").parse().unwrap();
    let allowed: Vec<_> = deny["licenses"]["allow"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let metadata: serde_json::Value = serde_json::from_str(&cargo(&[
        "metadata",
        "--format-version=1",
        "--all-features",
        &format!("--filter-platform={}", host()),
    ]))
    .unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 200, "{}", packages.len());

    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(is_allowed(licence, &allowed), "{} {}: {licence}", package["name"], package["version"]);
    }
}

#[test]
fn a_licence_is_read_as_spdx_says() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
    for good in ["MIT", "MIT/GPL-3.0", "MIT OR GPL-3.0", "(GPL-3.0 OR MIT) AND ISC", "Apache-2.0 WITH LLVM-exception"] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in
        ["", "none", "GPL-3.0", "MIT AND GPL-3.0", "GPL-3.0 OR MIT AND AGPL-3.0", "Apache-2.0", "(MIT OR ISC) AND X"]
    {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}

/// Whether an SPDX expression can be satisfied with these licences: `AND` binds more tightly than `OR`.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let mut rest = expression.replace('/', " OR ");
    // From the inside out: what is in parentheses becomes a licence that is allowed, or one that is not.
    while let Some(open) = rest.rfind('(') {
        let close = open + rest[open..].find(')').expect("a parenthesis that is closed");
        let inner = if is_allowed(&rest[open + 1..close], allowed) { allowed[0] } else { "none" };
        rest.replace_range(open..=close, inner);
    }
    let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    rest.split(" OR ").any(|all| all.split(" AND ").all(|licence| allowed.contains(&licence)))
}

/// The packages of a lock file.
pub fn packages(lock_file: &str) -> Vec<Table> {
    let lock: Table = read(lock_file).parse().unwrap();
    lock["package"].as_array().unwrap().iter().filter_map(Value::as_table).cloned().collect()
}

pub fn text<'p>(package: &'p Table, field: &str) -> &'p str {
    package.get(field).and_then(Value::as_str).unwrap_or_else(|| panic!("{field} of {package}"))
}

/// What cargo prints, of the packages that are there.
pub fn cargo(arguments: &[&str]) -> String {
    let arguments = arguments.iter().copied().chain(["--locked", "--offline"]);
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn host() -> String {
    let version = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn number(version: &str) -> [u64; 3] {
    let digits = version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
    let mut digits = digits.chain(iter::repeat(0));
    std::array::from_fn(|_| digits.next().unwrap_or(0))
}

fn read(file: &str) -> String {
    fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
