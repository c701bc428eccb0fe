//! Microsoft's table of what a change of directory breaks, as rules over what Resource Graph and the management API list.
