//! guildhall-protocol
