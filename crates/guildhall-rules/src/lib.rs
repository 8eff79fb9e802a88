//! guildhall-rules
