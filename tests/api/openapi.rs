//! The document of the service: that it says what there is, wherever the settings put it, and that its examples are true.

use serde_json::{Value, json};

use crate::support::TestApp;

const BOTH: &str = "auth.backends = [\"token\", \"jwt\"]\n";

fn document(app: &TestApp) -> Value {
    let response = app.client.get("/api/schema/", &[]);
    assert_eq!((response.status, response.header("content-type")), (200, Some("application/json")), "{response:?}");
    response.json()
}

/// Every path of the document with the methods that it has there.
fn operations(document: &Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = |(path, item): (&String, &Value)| -> Vec<(String, String)> {
        let methods = item.as_object().expect("an item").keys();
        methods.map(|method| (path.clone(), method.to_uppercase())).collect()
    };
    paths.iter().flat_map(methods).collect()
}

#[test]
fn every_operation_is_there_and_no_path_has_another_one() {
    TestApp::on_each(BOTH, |app| {
        let operations = operations(&document(app));
        assert!(operations.len() > 40, "{operations:?}");
        for (path, method) in &operations {
            let real = path.replace("{id}", "1");
            let response = app.client.request(method, &real, &[], None);
            assert_ne!(response.status, 405, "{method} {path}");
            let is_expected = response.status != 404 || path == "/.well-known/jwks.json";
            assert!(is_expected, "{method} {path}: {response:?}");
            // What the view says it takes is what the document says.
            let told = response.header("allow").unwrap_or_default().to_owned();
            for known in told.split(", ").filter(|known| !["", "HEAD", "OPTIONS"].contains(known)) {
                assert!(operations.contains(&(path.clone(), known.to_owned())), "{known} of {path} is not there");
            }
        }
    });
}

#[test]
fn the_contract_is_in_it() {
    TestApp::on_each(BOTH, |app| {
        let operations = operations(&document(app));
        for (method, path) in [
            ("POST", "/api-token-auth/"),
            ("POST", "/api/token/"),
            ("POST", "/api/token/refresh/"),
            ("POST", "/api/token/verify/"),
            ("POST", "/api/token/blacklist/"),
            ("POST", "/api/token/sliding/"),
            ("POST", "/api/token/sliding/refresh/"),
            ("GET", "/auth/"),
            ("POST", "/auth/users/"),
            ("PATCH", "/auth/users/{id}/"),
            ("DELETE", "/auth/users/me/"),
            ("POST", "/auth/token/logout/"),
            ("POST", "/auth/jwt/verify/"),
            ("GET", "/hello/"),
            ("GET", "/api/secret"),
            ("POST", "/read-only/"),
            ("GET", "/livez"),
            ("GET", "/readyz"),
            ("GET", "/forward-auth/"),
            ("POST", "/oauth/introspect/"),
            ("POST", "/oauth/revoke/"),
            ("GET", "/api/schema/"),
            ("GET", "/.well-known/jwks.json"),
        ] {
            assert!(operations.contains(&(path.to_owned(), method.to_owned())), "{method} {path}");
        }
    });
}

#[test]
fn what_is_moved_or_switched_off_is_so_in_it_as_well() {
    let settings = "routes.prefix_simplejwt = \"/tokens/\"\nroutes.prefix_djoser = \"\"\nroutes.samples = false\n\
                    routes.prefix_forward_auth = \"\"\nauth.backends = [\"jwt\"]\njwt.access_field = \"access_token\"\n";
    TestApp::on_each(settings, |app| {
        let document = document(app);
        let paths: Vec<String> = operations(&document).into_iter().map(|(path, _)| path).collect();

        assert!(paths.contains(&"/tokens/refresh/".to_owned()), "{paths:?}");
        for gone in ["/api/token/", "/auth/users/", "/hello/", "/forward-auth/"] {
            assert!(!paths.contains(&gone.to_owned()), "{gone}");
        }
        let pair = &document["paths"]["/tokens/"]["post"]["responses"]["200"]["content"]["application/json"];
        assert_eq!(pair["schema"]["required"], json!(["refresh", "access_token"]));
        let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
        assert_eq!(schemes.keys().collect::<Vec<_>>(), ["Bearer", "Client"]);
    });
}

#[test]
fn yaml_says_the_same() {
    TestApp::on_each(BOTH, |app| {
        for (target, accept, media_type) in [
            ("/api/schema/?format=yaml", "*/*", "application/yaml"),
            ("/api/schema/", "application/yaml", "application/yaml"),
            ("/api/schema", "application/vnd.oai.openapi", "application/vnd.oai.openapi"),
        ] {
            let response = app.client.get(target, &[("Accept", accept)]);
            assert_eq!((response.status, response.header("content-type")), (200, Some(media_type)), "{response:?}");
            assert!(
                response.text().starts_with("openapi: 3.1.0\ninfo:\n  title: hallpass\n"),
                "{}",
                &response.text()[..80]
            );
        }
        for (accept, media_type) in [
            ("application/json", "application/json"),
            ("text/html", "application/json"),
            ("application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ] {
            let response = app.client.get("/api/schema/", &[("Accept", accept)]);
            assert_eq!((response.header("content-type"), response.json()), (Some(media_type), document(app)));
        }
        assert_eq!(app.client.get("/api/schema/", &[("Accept", "image/png")]).status, 406);
        assert_eq!(app.client.get("/api/schema/?format=xml", &[]).status, 404);
        assert_eq!(app.client.post("/api/schema/", &[], b"").status, 405);
    });
}

#[test]
fn the_examples_of_logins_are_true() {
    TestApp::on_each(BOTH, |app| {
        let document = document(app);
        let example = |path: &str| {
            let body = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"];
            body.to_string().into_bytes()
        };
        let json = [("Content-Type", "application/json")];
        let shape = |path: &str, status: &str| {
            let schema = &document["paths"][path]["post"]["responses"][status]["content"]["application/json"]["schema"];
            let mut names: Vec<String> =
                schema["properties"].as_object().expect("properties").keys().cloned().collect();
            names.sort_unstable();
            names
        };
        for (path, status) in [
            ("/auth/users/", 201),
            ("/api-token-auth/", 200),
            ("/api/token/", 200),
            ("/auth/token/login/", 200),
            ("/api/token/sliding/", 200),
        ] {
            let response = app.client.post(path, &json, &example(path));
            assert_eq!(response.status, status, "{path}: {response:?}");
            let mut names: Vec<String> = response.json().as_object().expect("an object").keys().cloned().collect();
            names.sort_unstable();
            assert_eq!(names, shape(path, &status.to_string()), "{path}");
        }
    });
}

#[test]
fn the_page_and_its_files_come_from_here_and_nothing_else_may() {
    TestApp::on_each(BOTH, |app| {
        for (path, media_type) in [
            ("/api/docs/", "text/html"),
            ("/api/docs/swagger-ui.css", "text/css"),
            ("/api/docs/swagger-ui-bundle.js", "text/javascript"),
            ("/api/docs/swagger-initializer.js", "text/javascript"),
        ] {
            let response = app.client.get(path, &[]);
            assert_eq!((response.status, response.header("content-type")), (200, Some(media_type)), "{path}");
            let policy = response.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
            assert_eq!(response.header("x-frame-options"), Some("DENY"));
        }
        assert!(app.client.get("/api/docs/swagger-initializer.js", &[]).text().contains("\"url\": \"/api/schema/\""));
        let moved = app.client.get("/api/docs", &[]);
        assert_eq!((moved.status, moved.header("location")), (307, Some("docs/")));
        for path in ["/api/docs/nothing", "/api/docs/../../etc/passwd", "/api/docs/%2e%2e/Cargo.toml", "/api/docs/a/b"]
        {
            let response = app.client.get(path, &[]);
            assert_eq!((response.status, response.detail().as_str()), (404, "Not found."), "{path}");
            assert_eq!(response.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
        }
        let refused = app.client.post("/api/docs/", &[], b"");
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")));
    });
}

#[test]
fn without_a_document_there_is_no_page() {
    TestApp::on_each("routes.prefix_schema = \"\"\n", |app| {
        for path in ["/api/schema/", "/api/docs/", "/api/docs/swagger-ui.css"] {
            assert_eq!(app.client.get(path, &[]).status, 404, "{path}");
        }
    });
    TestApp::on_each("routes.prefix_docs = \"/help/\"\n", |app| {
        assert_eq!(app.client.get("/help/", &[]).status, 200);
        assert_eq!(app.client.get("/api/docs/", &[]).status, 404);
    });
}
