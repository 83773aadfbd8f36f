//! The list of what the program is made of, as `scripts/sbom` writes it.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::supply_chain::{cargo, packages, text};
use crate::support::could_not_run;

#[test]
fn the_list_has_every_package_of_the_program_with_licence_and_checksum() {
    let Some(list) = written() else {
        return could_not_run("the list of packages: there is no Python 3.11");
    };
    let listed = list["components"].as_array().unwrap();
    // Two blanks cannot be in a licence.
    let tree = cargo(&["tree", "--edges=normal,build", "--prefix=none", "--format={p}  {l}"]);
    let lines: BTreeSet<_> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let locked = packages("Cargo.lock");
    assert!(lines.len() > 200, "{}", lines.len());

    for line in lines {
        let (package, licence) = line.split_once("  ").unwrap();
        let (name, version) = package.split_once(" v").unwrap();
        let version = version.split(' ').next().unwrap();
        if name == "hallpass" {
            assert_eq!(list["metadata"]["component"]["version"], version);
            continue;
        }
        let same = |component: &&Value| component["name"] == name && component["version"] == version;
        let component = listed.iter().find(same).unwrap_or_else(|| panic!("{name} {version} is not listed"));
        let lock = locked.iter().find(|lock| text(lock, "name") == name && text(lock, "version") == version).unwrap();
        let words = |text: &str| text.replace('/', " OR ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(component["licenses"][0]["expression"], words(licence), "{name}");
        assert_eq!(component["hashes"][0]["content"], text(lock, "checksum"), "{name}");
    }
}

#[test]
fn the_list_has_the_c_libraries_and_nothing_that_only_tests_use() {
    let Some(list) = written() else {
        return could_not_run("the list of packages: there is no Python 3.11");
    };
    let listed = list["components"].as_array().unwrap();
    let version = |name: &str| listed.iter().find(|component| component["name"] == name)?["version"].as_str();

    for library in ["sqlite", "aws-lc", "libpq"] {
        assert!(version(library).is_some_and(|version| version.contains('.')), "{library}");
    }
    for test_only in ["criterion", "proptest"] {
        assert_eq!(version(test_only), None, "{test_only}");
    }
    let known: BTreeSet<_> = listed.iter().map(|component| component["bom-ref"].as_str().unwrap()).collect();
    let entries = list["dependencies"].as_array().unwrap();
    let used: Vec<_> = entries.iter().flat_map(|entry| entry["dependsOn"].as_array().unwrap()).collect();
    assert!(used.iter().all(|used| known.contains(used.as_str().unwrap())));
    assert!(known.iter().all(|known| used.iter().any(|used| used == known)), "listed, and used by nothing");
}

/// The document; `None` where there is nothing to run the script with.
fn written() -> Option<Value> {
    let python = Command::new("python3").args(["-c", "import tomllib"]).output();
    python.ok().filter(|output| output.status.success())?;
    let root = env!("CARGO_MANIFEST_DIR");
    let output = Command::new(format!("{root}/scripts/sbom")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
