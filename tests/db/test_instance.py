"""What a data folder that did not work with this database hears before it is started."""

from pathlib import Path
from uuid import uuid4

from clarion.db import instance


async def test_a_strange_folder_is_told_what_its_first_start_will_find(database, tmp_path: Path) -> None:
    """The control: `acting`, which looks at the database alone, says that messages go out."""
    async with database.owner() as tx:
        await tx.execute("INSERT INTO instance (epoch) VALUES ($1) ON CONFLICT DO NOTHING", uuid4())
        await instance.resume(tx, actor="test")
        await instance.beat(tx)
        assert not (await instance.acting(tx)).paused

        foreseen = await instance.foreseen(tx, tmp_path, shared=False)
        assert foreseen.paused and "not worked with this database" in str(foreseen.because)
        assert not (await instance.foreseen(tx, tmp_path, shared=True)).paused, "it joins those that work"

        instance.write(tmp_path, await tx.fetchval("SELECT epoch FROM instance"))
        assert not (await instance.foreseen(tx, tmp_path, shared=False)).paused, "its own folder"

        instance.write(tmp_path, uuid4())
        assert "do not belong together" in str((await instance.foreseen(tx, tmp_path, shared=True)).because)
