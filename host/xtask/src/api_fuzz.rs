//! `cargo xtask api-fuzz`: requests that schemathesis makes up from the API's description,
//! against a server with a store of its own.

use crate::project::{Project, capture, on_path, run};
use crate::scratch::Scratch;
use crate::server::Server;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// On PyPI.
const VERSION: &str = "4.32.5";
/// Everything but `positive_data_acceptance`: what the schema allows may still be about a
/// board or a problem that is not there.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,\
                      negative_data_rejection,missing_required_header,unsupported_method,\
                      allow_header_conformance,use_after_free,ensure_resource_availability,\
                      ignored_auth";
/// Leases that end by themselves, nobody who waits for long, and no limit that would answer
/// in the routes' place.
const CONFIG: &str = "\
[limits]
requests_per_s = 100000
requests_burst = 100000
[lab]
lease_s = 1
lease_max_s = 2
lease_wait_s = 1
";

/// Fails when a request is answered with a server error, or with what the description does
/// not allow.
pub fn api_fuzz(project: &Project, examples: u32, seed: u64) -> Result<()> {
    let st = schemathesis(project)?;
    run(&mut project.cargo(&["build", "--workspace", "--bin", "filbench"]))?;
    fuzz(project, &st, Scratch::new(project, "api-fuzz")?.path(), examples, seed)
}

fn fuzz(project: &Project, st: &Path, dir: &Path, examples: u32, seed: u64) -> Result<()> {
    let data = dir.join("data");
    let made = capture(
        project
            .command(project.filbench())
            .args(["token", "create", "fuzz", "--scope", "admin", "--data"])
            .arg(&data),
    )?;
    let token = made.lines().find(|line| line.starts_with("fb_"));
    let token = token.context("filbench token create prints a secret")?;
    let config = dir.join("serve.toml");
    std::fs::write(&config, CONFIG).with_context(|| format!("write {}", config.display()))?;
    let server = Server::start(project, &data, Some(&config))?;
    let checked = run(project
        .command(st)
        .arg("run")
        .arg(format!("{}/v1/openapi.json", server.url))
        .args(["--checks", CHECKS, "--continue-on-failure", "--request-timeout", "60"])
        .args(["--max-examples", &examples.to_string(), "--seed", &seed.to_string()])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        // It would end its own token.
        .args(["--exclude-path", "/v1/tokens/{id}"])
        .current_dir(dir));
    server.stop()?;
    checked.context("the API does not keep to host/api/openapi.json")
}

/// The pinned schemathesis, installed into the cache where it is not yet.
fn schemathesis(project: &Project) -> Result<PathBuf> {
    let venv = project.cache.join(format!("schemathesis-{VERSION}"));
    let st = venv.join("bin/st");
    if st.is_file() {
        return Ok(st);
    }
    if !on_path("python3") {
        bail!("python3 is needed for schemathesis; type `apt-get install python3 python3-venv`");
    }
    eprintln!("installing schemathesis {VERSION} into the cache, once");
    run(project.command("python3").args(["-m", "venv"]).arg(&venv))?;
    let pip = venv.join("bin/pip");
    run(project.command(pip).args(["install", "--quiet", &format!("schemathesis=={VERSION}")]))?;
    Ok(st)
}
