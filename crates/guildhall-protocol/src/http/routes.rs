//! Every route of the public listener, in one table: the server builds its routes from it, so that none can be
//! served that is not here.

use super::{
    ACCOUNTS_PATH, HEALTHZ_PATH, PASSWORD_PATH, READYZ_PATH, REVISION_PATH, SIGN_IN_PATH,
    SIGN_OUT_PATH, SOCKET_PATH, SOCKET_TICKETS_PATH,
};

/// How a route is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Shows something.
    Get,
    /// Changes something.
    Post,
}

impl Method {
    /// As it stands in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Auth {
    /// Anybody.
    Nobody,
    /// The bearer of a token.
    Token,
    /// The bearer of a token, or of a ticket among the offered sub-protocols.
    TokenOrTicket,
}

macro_rules! routes {
    ($($(#[$meta:meta])* $route:ident $method:ident $path:ident $auth:ident;)*) => {
        /// A route of the public listener.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Route {
            $($(#[$meta])* $route,)*
        }

        impl Route {
            /// Every route, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$route),*];

            /// How it is asked.
            pub const fn method(self) -> Method {
                match self { $(Self::$route => Method::$method,)* }
            }

            /// Its path; parts in braces are filled in.
            pub const fn path(self) -> &'static str {
                match self { $(Self::$route => $path,)* }
            }

            /// Who may ask.
            pub const fn auth(self) -> Auth {
                match self { $(Self::$route => Auth::$auth,)* }
            }
        }
    };
}

routes! {
    /// Makes an account.
    SignUp Post ACCOUNTS_PATH Nobody;
    /// Makes a token from login and password.
    SignIn Post SIGN_IN_PATH Nobody;
    /// Ends the token that it is asked with.
    SignOut Post SIGN_OUT_PATH Token;
    /// Changes the password of the account.
    Password Post PASSWORD_PATH Token;
    /// Makes a ticket for the socket.
    SocketTicket Post SOCKET_TICKETS_PATH Token;
    /// Becomes a websocket.
    Socket Get SOCKET_PATH TokenOrTicket;
    /// The bytes of a revision.
    Revision Get REVISION_PATH Token;
    /// Whether the process answers.
    Healthz Get HEALTHZ_PATH Nobody;
    /// Whether names are loaded, the database answers and writes are taken up.
    Readyz Get READYZ_PATH Nobody;
}
