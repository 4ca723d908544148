//! Where a setting comes from.

use figment::Jail;
use filbench_api::{LISTEN, Settings, SettingsError};
use filbench_daemon::DaemonConfig;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

/// With no flags.
fn read(file: Option<&str>) -> Result<Settings, SettingsError> {
    Settings::read(file.map(Path::new), &BTreeMap::new())
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's own error")]
fn the_environment_goes_over_the_file_and_flags_over_both() {
    Jail::expect_with(|jail| {
        jail.create_file(
            "lab.toml",
            "listen = \"127.0.0.1:1\"\nworkers = 3\ndata = \"store\"\n\
             [suites]\nmine = \"suites/mine\"\n[limits]\nbatch = 7\n\
             [[boards]]\nname = \"b1\"\nkind = \"icebreaker\"\n",
        )?;
        jail.set_env("FILBENCH_WORKERS", "5");
        jail.set_env("FILBENCH_LIMITS__BATCH", "9");
        jail.set_env("FILBENCH_CACHE", "/x");
        let flags = BTreeMap::from([("listen", "127.0.0.1:2".to_owned())]);
        let settings = Settings::read(Some(&jail.directory().join("lab.toml")), &flags).unwrap();
        assert_eq!(settings.listen.port(), 2);
        assert_eq!(settings.workers, NonZeroUsize::new(5));
        assert_eq!(settings.api().limits.batch, 9);
        // Paths are relative to the file that has them.
        assert_eq!(settings.data(), jail.directory().join("store"));
        assert_eq!(settings.api().suites["mine"], jail.directory().join("suites/mine"));
        assert_eq!(settings.daemon().boards[0].name, "b1");
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's own error")]
fn keys_that_are_not_known_are_refused() {
    Jail::expect_with(|jail| {
        let usual = read(None).unwrap();
        assert_eq!(usual.listen, LISTEN);
        assert_eq!(usual.daemon(), DaemonConfig::virtual_boards());
        for (text, what) in [
            ("lisen = 1", "lisen"),
            ("[limits]\nbatsch = 1", "batsch"),
            ("[[boards]]\nname = \"x\"\nkind = \"y\"\ntag = 1", "tag"),
            ("workers = 0", "workers"),
        ] {
            jail.create_file("wrong.toml", text)?;
            let error = read(Some("wrong.toml")).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains("wrong.toml"), "{error}");
        }
        assert!(read(Some("absent.toml")).is_err());
        jail.set_env("FILBENCH_LISTN", "127.0.0.1:1");
        let error = read(None).unwrap_err().to_string();
        assert!(error.contains("listn"), "{error}");
        Ok(())
    });
}
