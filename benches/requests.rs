//! Whole requests without a socket that end before the database is asked: what reading and answering them takes.
#![allow(missing_docs, clippy::expect_used)]

use actix_http::Request;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, rt};
use criterion::{Criterion, criterion_group, criterion_main};
use hallpass::Hallpass;
use hallpass::settings::Settings;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const FORGED: &str = "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwidXNlcl9pZCI6IjEifQ.\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn requests(criterion: &mut Criterion) {
    measure(criterion, "refuse a form without a password", StatusCode::BAD_REQUEST, || {
        login(FORM, "username=a&password=")
    });
    measure(criterion, "refuse JSON without a password", StatusCode::BAD_REQUEST, || {
        login(JSON, r#"{"username":"a","password":""}"#)
    });
    measure(criterion, "refuse broken JSON", StatusCode::BAD_REQUEST, || login(JSON, r#"{"username":"a","#));
    measure(criterion, "refuse a request without a header", StatusCode::UNAUTHORIZED, || {
        TestRequest::get().uri("/hello/").to_request()
    });
    measure(criterion, "refuse a header with one word", StatusCode::UNAUTHORIZED, || hello("Token"));
    measure(criterion, "refuse a header with three words", StatusCode::UNAUTHORIZED, || hello("Token a b"));
    measure(criterion, "refuse a JWT with a wrong signature", StatusCode::UNAUTHORIZED, || hello(FORGED));
}

fn login(content_type: &str, body: &'static str) -> Request {
    TestRequest::post()
        .uri("/api-token-auth/")
        .insert_header((CONTENT_TYPE, content_type))
        .set_payload(body)
        .to_request()
}

fn hello(header: &str) -> Request {
    TestRequest::get().uri("/hello/").insert_header((AUTHORIZATION, header)).to_request()
}

fn measure(criterion: &mut Criterion, name: &str, expected: StatusCode, request: impl Fn() -> Request) {
    let settings = Settings::from_toml("secret_key = \"long enough for the hash of these signed tokens\"");
    let hallpass = Hallpass::open(settings.expect("settings")).expect("the database is opened when it is asked");
    let system = rt::System::new();
    let app = system.block_on(init_service(App::new().configure(hallpass.configure_routes())));
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            let response = system.block_on(call_service(&app, request()));
            assert_eq!(response.status(), expected);
        });
    });
}

criterion_group!(benches, requests);
criterion_main!(benches);
