"""The lab kit: a lab's description, its session, and the page that shows it; see the guide for authors."""
