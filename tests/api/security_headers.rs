//! What every answer tells browsers and caches, whoever wrote it.

use crate::support::TestApp;
use crate::support::client::Response;

const HEADERS: [(&str, &str); 6] = [
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cache-control", "no-store"),
];

/// Once each, and nothing that only TLS may promise.
fn assert_dressed(name: &str, response: &Response) {
    for (header, value) in HEADERS {
        let values: Vec<&str> =
            response.headers.iter().filter(|(known, _)| known == header).map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, [value], "{name}: {header}: {response:?}");
    }
    assert_eq!(response.header("strict-transport-security"), None, "{name}");
}

#[test]
fn every_answer_has_them_whether_a_view_wrote_it_or_nobody_did() {
    TestApp::on_each("server.request_timeout = \"1s\"", |app| {
        app.user("alice", "wonderland");
        let json = [("Content-Type", "application/json")];
        let login = br#"{"username":"alice","password":"wonderland"}"#;
        for path in ["/api-token-auth/", "/api/auth-token", "/api/token/", "/auth/token/login/", "/auth/jwt/create/"] {
            let response = app.client.post(path, &json, login);
            assert!(response.status < 300, "{path}: {response:?}");
            assert_dressed(path, &response);
        }
        let pair = app.client.post("/api/token/", &json, login).json();
        let refresh = serde_json::json!({"refresh": pair["refresh"]}).to_string();
        let refreshed = app.client.post("/api/token/refresh/", &json, refresh.as_bytes());
        assert_eq!(refreshed.status, 200);
        assert_dressed("refresh", &refreshed);
        let reset = app.client.post("/auth/users/reset_password/", &json, br#"{"email":"alice@example.org"}"#);
        assert_eq!(reset.status, 204);
        assert_dressed("reset", &reset);

        let others: [(&str, &[u8]); 9] = [
            ("200", b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            ("401", b"GET /hello/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            ("404", b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            ("405", b"FOO /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            ("406", b"GET /hello/ HTTP/1.1\r\nHost: a\r\nAccept: image/png\r\nConnection: close\r\n\r\n"),
            (
                "413",
                b"POST /api-token-auth/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n",
            ),
            ("400", b"nonsense\r\n\r\n"),
            ("400", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
            ("408", b"GET / HTTP/1.1\r\n"),
        ];
        for (status, bytes) in others {
            let response = app.client.send(bytes);
            assert_eq!(response.status.to_string(), status, "{response:?}");
            assert_dressed(status, &response);
        }
        let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(200));
        let response = app.client.send(many.as_bytes());
        assert_eq!(response.status, 431);
        assert_dressed("431", &response);
    });
}
