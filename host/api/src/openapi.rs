//! The API's description, made from the handlers.

use crate::error::{PROBLEM_JSON, ProblemDetails};
use crate::router;
use std::collections::BTreeMap;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, Info, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
    ResponseBuilder, SecurityRequirement,
};
use utoipa::{IntoResponses, PartialSchema as _, ToSchema as _};

/// Refusals, by name, for the descriptions of routes.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident { $($status:literal $text:literal),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            pub(crate) struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    BTreeMap::from([$(($status.to_owned(), refusal($text))),+])
                }
            }
        )+
    };
}

refusals! {
    /// What every route with a token may answer.
    Guarded {
        "401" "There is no token, or none that is good",
        "403" "The token's scopes do not allow this, or the thing is somebody else's",
        "408" "The request took too long",
        "429" "Too much at a time; `Retry-After` says when to come back",
        "500" "filbench failed",
        "503" "The daemon is ending",
    }
    /// A thing that is not there.
    Missing { "404" "There is no such thing, or it is somebody else's" }
    /// Parameters.
    WrongQuery { "422" "A parameter is wrong, or not known" }
    /// A body.
    WrongBody {
        "400" "The body cannot be read",
        "413" "The body is larger than the limits",
        "415" "The body's media type is not supported",
        "422" "The body, or a parameter, is wrong",
    }
    /// Bytes.
    WrongBytes {
        "400" "The body cannot be read",
        "413" "The body is larger than the limits",
        "422" "A parameter is wrong, or not known",
    }
    /// State.
    Conflicting { "409" "This does not go with the present state" }
    /// Health.
    NotReady { "503" "The daemon is ending, or its store fails" }
}

fn refusal(text: &str) -> RefOr<Response> {
    let schema = Ref::from_schema_name(ProblemDetails::name());
    ResponseBuilder::new()
        .description(text)
        .content(PROBLEM_JSON, ContentBuilder::new().schema(Some(schema)).build())
        .build()
        .into()
}

/// The whole API.
pub fn openapi() -> OpenApi {
    let (_, mut routes) = router::routes().split_for_parts();
    let details = (ProblemDetails::name().into_owned(), ProblemDetails::schema());
    let mut schemas = vec![details];
    ProblemDetails::schemas(&mut schemas);
    let components = routes.components.get_or_insert_with(Components::new);
    components.schemas.extend(schemas);
    components
        .add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components
        .add_security_scheme("password", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)));
    let mut info = Info::new("filbench", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Judges generated RTL on FPGA boards: submit candidates, follow their evaluations, read \
         verdicts. Errors are RFC 9457 problem details that say what would be accepted. Times are \
         milliseconds since 1970-01-01 UTC (`…_ms`)."
            .to_owned(),
    );
    let nothing: [&str; 0] = [];
    OpenApiBuilder::new()
        .info(info)
        .paths(routes.paths)
        .components(routes.components)
        .security(Some([
            SecurityRequirement::new("token", nothing),
            SecurityRequirement::new("password", nothing),
        ]))
        .build()
}
