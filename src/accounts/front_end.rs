//! Where the links of mails lead: configuration, and nothing that a request says.

use super::links::encode_uid;
use crate::settings::{Settings, UrlTemplate};

/// The site that users see, in djoser's words: `protocol`, `domain` and `site_name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontEnd {
    /// What links begin with: `http` or `https`.
    pub protocol: &'static str,
    /// The host, with its port where it has one.
    pub domain: String,
    /// What mails call the site.
    pub site_name: String,
}

impl FrontEnd {
    /// The site of the settings: `accounts.email_frontend_*`, or else the address that the service listens on.
    pub fn of(settings: &Settings) -> Self {
        let accounts = &settings.accounts;
        let domain = accounts.email_frontend_domain.as_ref();
        let domain =
            domain.map_or_else(|| settings.server.bind.as_str().to_owned(), |domain| domain.as_str().to_owned());
        let site_name = accounts.email_frontend_site_name.clone().unwrap_or_else(|| domain.clone());
        Self { protocol: accounts.email_frontend_protocol.as_str(), domain, site_name }
    }

    /// The link to `page` for the user of this id: djoser's `{protocol}://{domain}/{url}`.
    pub fn link(&self, page: &UrlTemplate, id: i32, token: &str) -> String {
        format!("{}://{}/{}", self.protocol, self.domain, page.fill(&encode_uid(id), token))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::FrontEnd;
    use crate::settings::Settings;

    #[test]
    fn links_lead_to_the_configured_site() {
        let cases = [
            ("", "http://127.0.0.1:8000/activate/MQ/t-1", "127.0.0.1:8000"),
            ("email_frontend_domain = \"a.example\"", "http://a.example/activate/MQ/t-1", "a.example"),
            (
                "email_frontend_domain = \"localhost:3000\"\nemail_frontend_protocol = \"http\"\n\
                 email_frontend_site_name = \"My site\"\nactivation_url = \"#/a/{uid}/{token}?lang=en\"",
                "http://localhost:3000/#/a/MQ/t-1?lang=en",
                "My site",
            ),
        ];
        for (text, link, site_name) in cases {
            let settings = Settings::from_toml(&format!("[accounts]\n{text}")).unwrap();
            let front_end = FrontEnd::of(&settings);
            assert_eq!(front_end.link(&settings.accounts.activation_url, 1, "t-1"), link);
            assert_eq!(front_end.site_name, site_name);
        }
    }
}
