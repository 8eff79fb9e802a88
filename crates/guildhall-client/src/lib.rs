//! guildhall-client
