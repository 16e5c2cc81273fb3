//! Rule packs as those who publish and import them meet them.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails with what it needed")]

mod bytes;
mod contents;
mod desk;
mod integrity;
mod limits;
mod versions;
