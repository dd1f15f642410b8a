"""Programs that use cyjwt as a service would: see README.md beside this file."""
