use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Part of a list, or all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// Where the next page begins: the value of the route's `after` or `before`. Absent on
    /// the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that needs no second page.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
