//! guildhall-process
