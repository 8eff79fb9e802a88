//! Names: a key is its own key, a name as it is shown is the same name, and whatever looks alike does so both ways.

use guildhall_rules::names::{
    NAME_BYTES_MAX, harmful_in_title, name_key, rekeyed, written_skeleton,
};

pub fn hold(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _any_answer = harmful_in_title(text);
    let today = rekeyed(text);
    assert_eq!(rekeyed(&today.display).key, today.key, "shown again");
    let Ok(name) = name_key(text) else {
        return;
    };
    assert_eq!(name, today);
    assert!(name.key.len() <= NAME_BYTES_MAX && !name.key.is_empty());
    let shown = name_key(&name.display);
    assert_eq!(shown.as_ref(), Ok(&name), "what is shown is the same name");
    assert_eq!(rekeyed(&name.key).key, name.key, "a key is its own key");
    let look = written_skeleton(&name.display);
    assert_eq!(written_skeleton(&look), look, "a look looks like itself");
    assert_eq!(written_skeleton(&name.skeleton), name.skeleton);
}
