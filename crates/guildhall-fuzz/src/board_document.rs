//! Documents: what players may have of one is good itself and hides nothing any more; what is offered as a repair
//! is good, and the same each time.

use guildhall_rules::board_document::BoardDocument;
use guildhall_rules::board_format::{BoardFormat, FormatLimits, Summary};

pub fn hold(bytes: &[u8]) {
    let limits = FormatLimits::default();
    match BoardDocument.check(bytes, &limits) {
        Ok(checked) => {
            let open = checked.open.unwrap_or_default();
            let again = BoardDocument.check(&open, &limits);
            assert!(again.is_ok(), "{:?}", again.err());
            let again = again.ok();
            let hidden = again.as_ref().map(|it| match &it.summary {
                Summary::Document(document) => document.hidden,
                _ => usize::MAX,
            });
            assert_eq!(hidden, Some(0), "what is open hides nothing");
            let twice = again.and_then(|it| it.open);
            assert_eq!(
                twice,
                Some(open),
                "what is open of what is open is the same"
            );
        }
        Err(refusal) if refusal.repairable => {
            let repaired = BoardDocument.repair(bytes, &limits);
            assert!(repaired.is_some(), "what was said can be mended can be");
            assert_eq!(repaired, BoardDocument.repair(bytes, &limits));
            let good = repaired.map(|it| BoardDocument.check(&it.bytes, &limits));
            assert!(matches!(good, Some(Ok(_))), "{good:?}");
        }
        Err(_) => {}
    }
}
