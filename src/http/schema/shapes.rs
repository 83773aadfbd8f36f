//! The shapes of bodies.

use serde_json::Value;
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

use super::doc::Answer;

/// The names of the shapes that errors have.
pub(super) const DETAIL: &str = "Detail";
pub(super) const UNAUTHORIZED: &str = "Unauthorized";
pub(super) const BAD_REQUEST: &str = "BadRequest";
pub(super) const OAUTH_ERROR: &str = "OAuthError";

/// The shape of an answer, from its example.
pub(super) fn of_answer(answer: &Answer) -> Option<RefOr<Schema>> {
    answer.example.as_ref().map(|example| of(example, answer.optional))
}

fn of(example: &Value, optional: &[&str]) -> RefOr<Schema> {
    match example {
        Value::Object(entries) => entries
            .iter()
            .fold(ObjectBuilder::new(), |object, (name, value)| {
                let object = object.property(name, of(value, optional));
                if optional.contains(&name.as_str()) { object } else { object.required(name) }
            })
            .into(),
        Value::Array(items) => {
            let items = items.first().map_or_else(|| ObjectBuilder::new().into(), |item| of(item, optional));
            ArrayBuilder::new().items(items).into()
        }
        Value::Bool(_) => typed(Type::Boolean),
        Value::Number(_) => typed(Type::Integer),
        _ => typed(Type::String),
    }
}

/// The fields of a body, all of them texts. REST framework reads a number as one, and `is_strict` says that it is not read here.
pub(super) fn of_fields(fields: &[(&str, bool, &str)], is_strict: bool) -> Schema {
    let object = fields.iter().fold(ObjectBuilder::new(), |object, (name, is_required, example)| {
        let kind = match is_strict {
            true => SchemaType::Type(Type::String),
            false => SchemaType::Array(vec![Type::String, Type::Number]),
        };
        let text = ObjectBuilder::new().schema_type(kind);
        let text = if name.contains("password") {
            text.format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Password)))
        } else {
            text
        };
        let object = object.property(*name, text.examples([Value::from(*example)]));
        if *is_required { object.required(*name) } else { object }
    });
    object.into()
}

/// Every shape that an error has, with its name.
pub(super) fn errors() -> [(&'static str, RefOr<Schema>); 4] {
    let sentence = || text("A sentence in REST framework's words.");
    let detail = ObjectBuilder::new().property("detail", sentence()).required("detail");
    let message = ObjectBuilder::new()
        .property("token_class", typed(Type::String))
        .property("token_type", typed(Type::String))
        .property("message", typed(Type::String));
    let unauthorized = ObjectBuilder::new()
        .property("detail", sentence())
        .property("code", text("SimpleJWT's word for it."))
        .property("messages", ArrayBuilder::new().items(message))
        .required("detail");
    let sentences = || ArrayBuilder::new().items(typed(Type::String));
    let fields = ObjectBuilder::new()
        .additional_properties(Some(AdditionalProperties::RefOr(sentences().into())))
        .description(Some("What is wrong with which field; `non_field_errors` has what is about none."));
    let bad_request = AnyOfBuilder::new().item(fields).item(Ref::from_schema_name(DETAIL)).item(sentences());
    let oauth = ObjectBuilder::new()
        .property("error", text("A word of RFC 6749 section 5.2 or RFC 7009 section 2.2.1."))
        .property("error_description", typed(Type::String))
        .required("error");
    [
        (DETAIL, detail.into()),
        (UNAUTHORIZED, unauthorized.into()),
        (BAD_REQUEST, Schema::from(bad_request.build()).into()),
        (OAUTH_ERROR, oauth.into()),
    ]
}

fn typed(kind: Type) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(SchemaType::Type(kind)).into()
}

fn text(about: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).description(Some(about)).into()
}
