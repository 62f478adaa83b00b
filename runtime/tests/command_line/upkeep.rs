//! What is kept, checked, copied and made anew from the command line, with the service running and without it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::operators::{SECRETS, Served};
use super::{Project, Run, run};

struct Kept {
    project: Project,
    store: PathBuf,
}

impl Kept {
    fn run(&self, arguments: &[&str]) -> Run {
        run(&[arguments, &["--project", &self.project.flows()]].concat())
    }

    fn path(&self, file: &str) -> String {
        self.project.path(&format!("../{file}"))
    }

    /// All is well.
    fn check(&self) {
        let found = self.run(&["store", "check"]);
        assert_eq!((found.code, found.err.as_str()), (0, ""), "{found:?}");
        assert!(found.out.contains("tudo certo"), "{found:?}");
    }
}

#[test]
fn what_is_kept_is_checked_copied_and_made_anew() {
    let project = Project::new();
    let kept = Kept { store: project.path("../.fluxo/store").into(), project };
    for command in [&["store", "check"][..], &["backup", &kept.path("nothing")]] {
        let nothing = kept.run(command);
        assert_eq!((nothing.code, nothing.out.as_str()), (2, ""), "{nothing:?}");
        assert!(nothing.err.contains("não há dados em "), "{nothing:?}");
    }
    let served = Served::start(&kept.project);
    served.hears("oi");
    kept.check();
    let refused = kept.run(&["store", "check", "--repair"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("pare-o"), "{refused:?}");
    let nightly = kept.path("nightly");
    let backup = kept.run(&["backup", &nightly]);
    assert_eq!((backup.code, backup.err.as_str()), (0, ""), "{backup:?}");
    assert!(backup.out.contains("registros"), "{backup:?}");
    let again = kept.run(&["backup", &nightly]);
    assert_eq!(again.code, 1, "{again:?}");
    assert!(again.err.contains("já existe"), "{again:?}");
    let occupied = kept.run(&["restore", &nightly]);
    assert_eq!(occupied.code, 1, "{occupied:?}");
    assert!(occupied.err.contains("mv "), "{occupied:?}");
    served.kill();

    kept.check();
    assert_eq!(kept.run(&["store", "check", "--repair"]).code, 0);
    let alone = kept.run(&["backup", &kept.path("alone"), "--json"]);
    let alone: Value = serde_json::from_str(&alone.out).unwrap();
    assert_eq!((&alone["unsound"], &alone["format"]), (&0.into(), &2.into()));

    let before = kept.store.with_extension("before");
    fs::rename(&kept.store, &before).unwrap();
    let whole = fs::read(&nightly).unwrap();
    let (cut, torn) = (kept.path("cut"), kept.path("torn"));
    fs::write(&cut, &whole[..whole.len() - 9]).unwrap();
    let mut bytes = whole.clone();
    bytes[whole.len() / 2] ^= 1;
    fs::write(&torn, &bytes).unwrap();
    for (file, code, words) in
        [(cut.as_str(), 3, "cortado"), (&torn, 3, "danificado"), ("/no/such/file", 2, "não existe")]
    {
        let refused = kept.run(&["restore", file]);
        assert_eq!((refused.code, refused.out.as_str()), (code, ""), "{refused:?}");
        assert!(refused.err.contains(words), "{refused:?}");
        assert!(!kept.store.exists());
    }
    let restored = kept.run(&["restore", &nightly]);
    assert_eq!((restored.code, restored.err.as_str()), (0, ""), "{restored:?}");
    assert!(restored.out.contains("fluxo outbox list --dead"), "a message was pending: {restored:?}");
    kept.check();
    let served = Served::start(&kept.project);
    kept.check();
    let dead = kept.run(&["outbox", "list", "--dead"]);
    assert!(dead.out.contains("veio de um backup restaurado"), "{dead:?}");
    let pending = kept.run(&["outbox", "list", "--pending", "--json"]);
    let pending: Value = serde_json::from_str(&pending.out).unwrap();
    assert_eq!(pending["effects"], Value::Array(Vec::new()), "nothing leaves by itself");
    served.kill();
}

#[test]
fn a_store_that_cannot_be_opened_says_in_portuguese_what_to_do() {
    let project = Project::new();
    let kept = Kept { store: project.path("../.fluxo/store").into(), project };
    Served::start(&kept.project).kill();
    fs::write(kept.store.join("db"), b"").unwrap();
    for command in [&["store", "check"][..], &["backup", &kept.path("no")]] {
        let told = kept.run(command);
        assert_eq!((told.code, told.out.as_str()), (3, ""), "{told:?}");
        assert!(told.err.contains("danificados") && told.err.contains("fluxo restore"), "{told:?}");
    }
    let served = Command::new(env!("CARGO_BIN_EXE_fluxo"))
        .args(["serve", "--set", "server.listen=127.0.0.1:0", "--project", &kept.project.flows()])
        .envs(SECRETS.map(|name| (name, "secret")))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&served.stderr);
    assert_eq!(served.status.code(), Some(3), "{told}");
    assert!(told.contains("danificados") && told.contains("fluxo restore"), "{told}");
}
