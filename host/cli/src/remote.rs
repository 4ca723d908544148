//! Commands that a lab's server carries out.

mod names;
pub mod run;
pub mod suite;

pub use names::{restore_names, sent_files};

use crate::args::ServerArgs;
use crate::usage::Usage;
use anyhow::Context as _;
use filbench_api::ErrorKind;
use filbench_client::{Client, ClientConfig, ClientError, Token};
use std::path::PathBuf;

/// The token's file in the user's configuration folder.
const TOKEN_FILE: &str = "filbench/token";

/// A client of the server that the arguments or the environment name, if they do.
pub fn client(args: &ServerArgs) -> anyhow::Result<Option<Client>> {
    let Some(server) = args.server.as_deref().filter(|server| !server.is_empty()) else {
        return Ok(None);
    };
    let token = token(args).map_err(told)?;
    let config = ClientConfig { token, ..ClientConfig::new(server) };
    Client::new(config).map(Some).map_err(told)
}

/// The same where there is no other way.
pub fn needed(args: &ServerArgs) -> anyhow::Result<Client> {
    client(args)?.ok_or_else(|| Usage::NoServer.into())
}

fn token(args: &ServerArgs) -> Result<Option<Token>, ClientError> {
    let named = args.token_file.as_ref().filter(|path| !path.as_os_str().is_empty());
    if let Some(path) = named {
        return Ok(Some(Token::from_file(path)?));
    }
    if let Some(token) = Token::from_environment()? {
        return Ok(Some(token));
    }
    let usual = usual_file().filter(|path| path.exists());
    usual.map(|path| Token::from_file(&path)).transpose().map_err(Into::into)
}

fn usual_file() -> Option<PathBuf> {
    Some(directories::BaseDirs::new()?.config_dir().join(TOKEN_FILE))
}

/// The error for whoever typed the command: wrong usage, where another command would do.
pub fn told(error: ClientError) -> anyhow::Error {
    use ErrorKind::{
        Forbidden, Invalid, KeyReused, Malformed, MethodNotAllowed, NotFound, TooLarge,
        Unauthenticated, UnsupportedMediaType,
    };
    let hint = match (&error, error.refusal()) {
        (ClientError::Address { .. } | ClientError::Token(_), _) => "",
        (_, Some(Unauthenticated)) => {
            "\n  set FILBENCH_TOKEN, or name a file with `--token-file`; whoever runs the server \
             makes a token with `filbench token create`"
        }
        (_, Some(Forbidden)) => {
            "\n  whoever runs the server makes a token with more scopes with `filbench token create`"
        }
        (
            _,
            Some(
                Invalid | KeyReused | Malformed | MethodNotAllowed | NotFound | TooLarge
                | UnsupportedMediaType,
            ),
        ) => "",
        _ => return error.into(),
    };
    Usage::Server(format!("{}{hint}", filbench_model::with_causes(&error))).into()
}

/// What runs requests.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime; are threads forbidden here?")
}
