//! The progress of a copy or a backup, shown where standard error is a terminal.

use guildhall_store::copy::Progress;
use indicatif::{ProgressBar, ProgressStyle};

pub struct Bar(ProgressBar);

impl Bar {
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        let template = "{prefix:10} {msg:18} {wide_bar} {human_pos}/{human_len} {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub fn show(&self, progress: Progress<'_>) {
        self.0.set_prefix(progress.step);
        self.0.set_message(progress.table.to_owned());
        self.0.set_length(progress.rows_in_all);
        self.0.set_position(progress.rows);
    }

    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
