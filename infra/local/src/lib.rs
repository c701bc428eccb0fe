//! The one-machine stack.
//!
//! Everything that the product is on AWS, on loopback: the emulator with our template, our real functions, the
//! simulated Microsoft cloud and two simulated people. The `mooring` binary shows it to a person; the workspace's
//! tests use the same [`Stack`] and the same people.

mod aws;
mod browser;
mod command_line;
mod console;
mod crash;
mod deploy;
mod emulator;
mod findings;
mod functions;
mod inbox;
mod mail;
mod page;
mod people;
mod process;
mod proxy;
mod receipt;
mod stack;
mod tools;
mod walkthrough;
mod workspace;

pub use aws::{Aws, AwsError};
pub use browser::Browser;
pub use command_line::command_line;
pub use console::Console;
pub use crash::{Crash, Moment as CrashMoment, Planned};
pub use deploy::STACK;
pub use emulator::REGION;
pub use mail::Mail;
pub use page::{Button, Field, Form, Kind, Page};
pub use people::{Account, Manner, Person, SignInPage, SignUp};
pub use proxy::AwsCall;
pub use receipt::{BeforeAfter, Calls, Moment, Receipt, StateTime};
pub use stack::{Permissions, Stack, StackOptions};
pub use tools::{BrowserTools, Tools, ensure as ensure_tools, ensure_browser};
pub use walkthrough::{Route, associate};
pub use workspace::{Run, Workspace};
