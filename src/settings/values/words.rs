//! Settings that are one of a few words.

/// Declares an enum whose variants have a word each in the settings. `later` lists words that are known and refused.
macro_rules! words {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }
     $(later { $($later:literal)* })?) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for it in the settings.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::settings::values::InvalidValue;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                $(if [$($later),*].contains(&word) { return Err(Self::Err::later(word)); })?
                let found = Self::ALL.iter().copied().find(|known| known.as_str() == word);
                found.ok_or_else(|| Self::Err::new(format!("{word:?} is not one of {}", [$($word),*].join(", "))))
            }
        }

        $crate::settings::values::text_settings!($name);
    };
}
pub(crate) use words;
