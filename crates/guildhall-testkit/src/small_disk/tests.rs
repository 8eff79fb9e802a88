//! A disk that is soon full.

use std::fs;
use std::io::ErrorKind;

use super::SmallDisk;

const SIZE: usize = 256 * 1024;

#[test]
fn a_small_disk_takes_what_fits_and_no_more_and_again_when_something_is_removed() {
    let disk = SmallDisk::with_bytes(SIZE);
    let fits = disk.path().join("fits");
    fs::write(&fits, vec![1; SIZE / 2]).unwrap();
    let more = disk.path().join("more");
    let error = fs::write(&more, vec![2; SIZE]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    fs::remove_file(&fits).unwrap();
    fs::write(&more, vec![3; SIZE / 2]).unwrap();
    assert_eq!(fs::read(&more).unwrap(), vec![3; SIZE / 2]);
}

#[test]
fn nothing_is_left_of_a_small_disk_even_when_a_file_on_it_is_open() {
    let disk = SmallDisk::with_bytes(SIZE);
    let path = disk.path().to_path_buf();
    let _open = fs::File::create(path.join("open")).unwrap();
    drop(disk);
    assert!(!path.exists());
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(path.to_str().unwrap()));
}
