# Each system call of the real programs fails, by a library that is loaded before the C library; sanitizers have
# allocators of their own.
if(NOT SPATE_SANITIZE)
  add_library(fault-shim MODULE ${CMAKE_CURRENT_LIST_DIR}/shim.cc)
  target_link_libraries(fault-shim PRIVATE ${CMAKE_DL_LIBS})
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  foreach(name faults date)
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
      SPATE_BIN=$<TARGET_FILE_DIR:spate-watch> SPATE_SHIM=$<TARGET_FILE:fault-shim>
      ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/${name}_test.py)
    set_tests_properties(${name} PROPERTIES TIMEOUT 200)
  endforeach()
  set_tests_properties(faults PROPERTIES PROCESSORS 2)
endif()
